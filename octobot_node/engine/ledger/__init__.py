"""Money: from a decision's orders to reserved funds, from executions to balances, positions and postings."""
