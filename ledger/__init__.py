"""The books: commodities, accounts, transactions, entries. Imports no other app of ours."""
