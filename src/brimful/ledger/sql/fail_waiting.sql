select kind, operation_id, child_id, credits, chatbots, outcome
from fail_waiting_v1($1, $2, $3::uuid[], $4, $5, $6, $7);
