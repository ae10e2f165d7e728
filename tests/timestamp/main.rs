//! Timestamp tokens that others made: tspclient-go's test data, OpenSSL's tokens, and what is wrong with them.

mod openssl;
mod vectors;
