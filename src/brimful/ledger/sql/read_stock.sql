select resource, free, reserved, held, used, sold, received, lapsed, clawed_back, overdrawn, issued, unsettled, next_expiry_at
from balance
where tenant_id = $1 and account_id = $2;
