SELECT
  "t2"."customer_id",
  "t2"."currency",
  SUM("t2"."orders") AS "orders",
  SUM(CAST("t2"."orders" > 0 AS INT)) AS "days",
  SUM("t2"."quantity") AS "quantity",
  SUM("t2"."bought") AS "bought",
  SUM(CAST(CAST("t2"."bought" AS DECIMAL(19, 4)) * "t2"."bought" AS DECIMAL(38, 8))) AS "day_squares",
  CAST(COALESCE(FIRST("t2"."bought" ORDER BY "t2"."valid_on") FILTER(WHERE
    "t2"."orders" > 0), 0) AS DECIMAL(38, 4)) AS "first_day",
  SUM("t2"."amount") AS "amount",
  SUM("t2"."cost") AS "cost",
  SUM("t2"."costed") AS "costed",
  SUM("t2"."uncosted") = 0 AS "is_costed",
  MIN("t2"."valid_on") FILTER(WHERE
    "t2"."orders" > 0) AS "first_on",
  MAX("t2"."valid_on") FILTER(WHERE
    "t2"."orders" > 0) AS "last_on"
FROM (
  SELECT
    "t1"."customer_id",
    "t1"."currency",
    "t1"."valid_on",
    COUNT(DISTINCT "t1"."subject_id") FILTER(WHERE
      "t1"."kind" = 'bought') AS "orders",
    SUM("t1"."quantity") AS "quantity",
    CAST(COALESCE(SUM("t1"."amount") FILTER(WHERE
      "t1"."kind" = 'bought'), 0) AS DECIMAL(18, 4)) AS "bought",
    SUM("t1"."amount") AS "amount",
    COALESCE(SUM("t1"."cost"), 0) AS "cost",
    COALESCE(SUM("t1"."amount") FILTER(WHERE
      "t1"."cost" IS NOT NULL), 0) AS "costed",
    SUM(CAST("t1"."cost" IS NULL AS INT)) AS "uncosted"
  FROM (
    SELECT
      *
    FROM "sales" AS "t0"
    WHERE
      "t0"."ended_at" IS NULL AND "t0"."customer_id" IS NOT NULL
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
) AS "t2"
GROUP BY
  1,
  2
