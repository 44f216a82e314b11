DELETE FROM sealed_signing_keys WHERE substring(sealed FROM 2 FOR 4) = $1
