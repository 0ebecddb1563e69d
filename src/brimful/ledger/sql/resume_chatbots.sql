select resume_chatbots_v1($1, $2, $3, $4);
