select starts_at, ends_at, entries, state, file, sha256 from archived_month order by starts_at;
