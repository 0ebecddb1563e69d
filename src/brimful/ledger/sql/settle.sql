select resource, free, reserved, held, used, sold, received, lapsed, clawed_back, overdrawn, issued, unsettled, next_expiry_at
from settle_stock_v1($1, $2, $3);
