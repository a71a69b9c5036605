//! Stories of the exchange, told from outside: over HTTP, with a customer that receives webhooks.
