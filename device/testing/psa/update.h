/* The functions of Arm's PSA Firmware Update API (IHI 0093) that the store calls, for tests. */

#ifndef SOFTWARE_UPDATE_TESTING_PSA_UPDATE_H_
#define SOFTWARE_UPDATE_TESTING_PSA_UPDATE_H_

#include <stddef.h>
#include <stdint.h>

typedef int32_t psa_status_t;
typedef uint8_t psa_fwu_component_t;

#define PSA_SUCCESS ((psa_status_t)0)
#define PSA_SUCCESS_REBOOT ((psa_status_t)1)
#define PSA_ERROR_BAD_STATE ((psa_status_t) - 137)
#define PSA_ERROR_DOES_NOT_EXIST ((psa_status_t) - 140)
#define PSA_ERROR_INVALID_ARGUMENT ((psa_status_t) - 135)
#define PSA_FWU_MAX_WRITE_SIZE 64

psa_status_t psa_fwu_start(psa_fwu_component_t component, const void* manifest,
                           size_t manifest_size);
psa_status_t psa_fwu_write(psa_fwu_component_t component, size_t offset, const void* block,
                           size_t size);
psa_status_t psa_fwu_finish(psa_fwu_component_t component);
psa_status_t psa_fwu_cancel(psa_fwu_component_t component);
psa_status_t psa_fwu_clean(psa_fwu_component_t component);
psa_status_t psa_fwu_install(void);
psa_status_t psa_fwu_accept(void);
psa_status_t psa_fwu_reject(psa_status_t error);

#endif /* SOFTWARE_UPDATE_TESTING_PSA_UPDATE_H_ */
