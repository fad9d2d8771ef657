"""The Analysis page: a real field observed and analysed, live, while B, R and the network are turned."""
