select remember_command_v1($1, $2, $3, $4, $5, $6, $7);
