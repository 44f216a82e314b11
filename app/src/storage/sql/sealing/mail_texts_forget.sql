UPDATE mails SET text_sealed = NULL WHERE substring(text_sealed FROM 2 FOR 4) = $1
