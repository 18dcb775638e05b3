"""Files to the bank: credit transfers of payouts, direct debits of charges."""
