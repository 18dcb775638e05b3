\set i random(1, :accounts)
\set a :first + :i
\set b :first + 1 + (:i + random(0, :accounts - 2)) % :accounts
\set key random(1, 9000000000000000000)
CALL ledger_post_alone('{bench}', ARRAY[:key::text], '{payment}', '{bench:1}', '{system}', '{""}', '{NULL}', '{NULL}', '{1,1}', ARRAY[:a, :b]::bigint[], '{100,-100}', NULL);
