-- Another call with the same key waits too: the spend is not abandoned before the last of them has its answer.
update spend set answer_by = greatest(answer_by, $3) where tenant_id = $1 and spend_id = $2 and state = 'waiting';
