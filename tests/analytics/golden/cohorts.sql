WITH "t1" AS (
  SELECT
    "t0"."customer_id",
    DATE_TRUNC('QUARTER', "t0"."valid_on") AS "quarter",
    "t0"."amount"
  FROM "sales" AS "t0"
  WHERE
    "t0"."ended_at" IS NULL
    AND "t0"."kind" = 'bought'
    AND "t0"."customer_id" IS NOT NULL
)
SELECT
  "t6"."cohort",
  "t6"."quarter",
  COUNT(DISTINCT "t6"."customer_id") AS "customers",
  SUM("t6"."amount") AS "amount"
FROM (
  SELECT
    "t3"."customer_id",
    "t3"."quarter",
    "t3"."amount",
    "t5"."cohort"
  FROM "t1" AS "t3"
  INNER JOIN (
    SELECT
      "t2"."customer_id",
      MIN("t2"."quarter") AS "cohort"
    FROM "t1" AS "t2"
    GROUP BY
      1
  ) AS "t5"
    ON "t3"."customer_id" = "t5"."customer_id"
) AS "t6"
GROUP BY
  1,
  2
