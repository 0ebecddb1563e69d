select amount_minor, credits, months_done, begins_period, planned_at
from given_back_of_period_v1($1, $2, $3, $4);
