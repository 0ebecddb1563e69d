select threshold_credits, target_credits, forecast, renewals from buy_ahead
where tenant_id = $1 and account_id = $2;
