//! Azure: who am I (Entra), the Key Vault signer, the ACR token exchange.
