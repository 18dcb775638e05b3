\set a :first + 1
\set b :first + random(2, :accounts)
\set key random(1, 9000000000000000000)
CALL ledger_post_alone('{bench}', ARRAY[:key::text], '{payment}', '{bench:1}', '{system}', '{""}', '{NULL}', '{NULL}', '{1,1}', ARRAY[:a, :b]::bigint[], '{100,-100}', NULL);
