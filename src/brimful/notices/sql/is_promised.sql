select exists (
    select 1 from notice
    where tenant_id = $1 and account_id = $2 and kind = $3 and subject_id = $4 and episode = $5
);
