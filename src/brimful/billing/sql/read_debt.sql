-- A debt that an account has, or, with $4, that one of its buyers has to it.
select debt_id, purchase_id, account_id, seller_id from reversal
where tenant_id = $1 and debt_id = $2 and case when $4 then seller_id else account_id end = $3 and missing > 0;
