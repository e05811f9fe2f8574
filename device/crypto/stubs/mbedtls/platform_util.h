/* Replaces the header of Mbed TLS that p256-m.c includes. See crypto/README.md. */

#ifndef SOFTWARE_UPDATE_STUBS_PLATFORM_UTIL_H_
#define SOFTWARE_UPDATE_STUBS_PLATFORM_UTIL_H_

/* Verifying signatures has no secrets to erase; p256-m erases some in functions that nothing calls.
 */
#define mbedtls_platform_zeroize(buffer, size) ((void)(buffer), (void)(size))

#endif /* SOFTWARE_UPDATE_STUBS_PLATFORM_UTIL_H_ */
