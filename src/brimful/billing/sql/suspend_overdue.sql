-- Past due for so long that it is suspended; nothing is deleted (R35).
update subscription set state = 'suspended'
where state = 'past_due' and past_due_since <= $1
returning tenant_id, account_id, subscription_id, past_due_since;
