select end_chatbots_v1($1, $2, $3);
