select purchase_id, missing - cleared as credits from reversal
where tenant_id = $1 and debt_id = $2 and account_id = $3 and missing > 0;
