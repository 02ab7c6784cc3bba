CREATE INDEX share_unknown ON share(address) WHERE sharee IS NULL; -- invitations that wait for somebody to have the address
