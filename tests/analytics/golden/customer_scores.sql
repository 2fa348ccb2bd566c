SELECT
  "t5"."customer_id",
  "t5"."currency",
  "t5"."recency",
  "t5"."frequency",
  "t5"."monetary",
  CASE
    WHEN "t5"."amount" <= 0
    THEN 'C'
    WHEN (
      "t5"."before" * 100
    ) < (
      "t5"."whole" * 80
    )
    THEN 'A'
    WHEN (
      "t5"."before" * 100
    ) < (
      "t5"."whole" * 95
    )
    THEN 'B'
    ELSE 'C'
  END AS "grade",
  "t5"."last_on"
FROM (
  SELECT
    "t4"."customer_id",
    "t4"."currency",
    "t4"."orders",
    "t4"."days",
    "t4"."quantity",
    "t4"."bought",
    "t4"."day_squares",
    "t4"."first_day",
    "t4"."amount",
    "t4"."cost",
    "t4"."costed",
    "t4"."is_costed",
    "t4"."first_on",
    "t4"."last_on",
    "t4"."spent",
    (
      NTILE(5) OVER (
        PARTITION BY "t4"."currency"
        ORDER BY "t4"."last_on" ASC, "t4"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "recency",
    (
      NTILE(5) OVER (
        PARTITION BY "t4"."currency"
        ORDER BY "t4"."days" ASC, "t4"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "frequency",
    (
      NTILE(5) OVER (
        PARTITION BY "t4"."currency"
        ORDER BY "t4"."amount" ASC, "t4"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "monetary",
    COALESCE(
      SUM("t4"."spent") OVER (
        PARTITION BY "t4"."currency"
        ORDER BY "t4"."amount" DESC, "t4"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 preceding
      ),
      0
    ) AS "before",
    SUM("t4"."spent") OVER (
      PARTITION BY "t4"."currency"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "whole"
  FROM (
    SELECT
      "t3"."customer_id",
      "t3"."currency",
      "t3"."orders",
      "t3"."days",
      "t3"."quantity",
      "t3"."bought",
      "t3"."day_squares",
      "t3"."first_day",
      "t3"."amount",
      "t3"."cost",
      "t3"."costed",
      "t3"."is_costed",
      "t3"."first_on",
      "t3"."last_on",
      GREATEST("t3"."amount", 0) AS "spent"
    FROM (
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
    ) AS "t3"
    WHERE
      "t3"."last_on" IS NOT NULL
  ) AS "t4"
) AS "t5"
