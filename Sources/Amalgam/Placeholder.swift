// Amalgam
