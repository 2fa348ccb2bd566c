SELECT
  "t4"."customer_id",
  "t4"."currency",
  "t4"."recency",
  "t4"."frequency",
  "t4"."monetary",
  CASE
    WHEN "t4"."amount" <= 0
    THEN 'C'
    WHEN (
      "t4"."before" * 100
    ) < (
      "t4"."whole" * 80
    )
    THEN 'A'
    WHEN (
      "t4"."before" * 100
    ) < (
      "t4"."whole" * 95
    )
    THEN 'B'
    ELSE 'C'
  END AS "grade",
  "t4"."last_on"
FROM (
  SELECT
    "t3"."customer_id",
    "t3"."currency",
    "t3"."last_on",
    "t3"."days",
    "t3"."amount",
    "t3"."spent",
    (
      NTILE(5) OVER (
        PARTITION BY "t3"."currency"
        ORDER BY "t3"."last_on" ASC, "t3"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "recency",
    (
      NTILE(5) OVER (
        PARTITION BY "t3"."currency"
        ORDER BY "t3"."days" ASC, "t3"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "frequency",
    (
      NTILE(5) OVER (
        PARTITION BY "t3"."currency"
        ORDER BY "t3"."amount" ASC, "t3"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1
    ) + 1 AS "monetary",
    COALESCE(
      SUM("t3"."spent") OVER (
        PARTITION BY "t3"."currency"
        ORDER BY "t3"."amount" DESC, "t3"."customer_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 preceding
      ),
      0
    ) AS "before",
    SUM("t3"."spent") OVER (
      PARTITION BY "t3"."currency"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "whole"
  FROM (
    SELECT
      "t2"."customer_id",
      "t2"."currency",
      "t2"."last_on",
      "t2"."days",
      "t2"."amount",
      GREATEST("t2"."amount", 0) AS "spent"
    FROM (
      SELECT
        "t1"."customer_id",
        "t1"."currency",
        MAX("t1"."valid_on") FILTER(WHERE
          "t1"."kind" = 'bought') AS "last_on",
        COUNT(DISTINCT "t1"."valid_on") FILTER(WHERE
          "t1"."kind" = 'bought') AS "days",
        SUM("t1"."amount") AS "amount"
      FROM (
        SELECT
          *
        FROM "sales" AS "t0"
        WHERE
          "t0"."ended_at" IS NULL AND "t0"."customer_id" IS NOT NULL
      ) AS "t1"
      GROUP BY
        1,
        2
    ) AS "t2"
    WHERE
      "t2"."last_on" IS NOT NULL
  ) AS "t3"
) AS "t4"
