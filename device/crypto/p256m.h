// Cryptography in software: p256-m of Mbed TLS 3.6, and the library's own SHA-256.

#ifndef SOFTWARE_UPDATE_DEVICE_CRYPTO_P256M_H_
#define SOFTWARE_UPDATE_DEVICE_CRYPTO_P256M_H_

#include "software_update/crypto.h"

namespace software_update {

// For small parts without a crypto library: 3.5 KiB of flash, no static memory, no heap.
extern const Crypto kP256m;

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_DEVICE_CRYPTO_P256M_H_
