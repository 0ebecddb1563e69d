select count(*) from entry where at >= $1 and at < $2;
