-- Nearest to the root first (R35).
select seller_id from due_above_v1($1, $2, $3) order by depth;
