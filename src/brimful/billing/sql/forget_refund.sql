delete from refund where tenant_id = $1 and refund_id = $2 and origin = 'elsewhere';
