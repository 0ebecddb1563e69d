-- Whether an account or one of its ancestors has something due, or a renewal under way.
select exists (select from renewing_above_v1($1, $2, $3));
