/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Who uses that library and starts an SDK: the same source file records. */
#include <sonde/sonde.h>

int zip_pack(const char *path, int level);

int main(void)
{
    sonde_sdk *sdk = NULL;
    sonde_sdk_start(&sdk, .service_name = "zip");
    bool right = zip_pack("a", 3) == 3 && zip_pack("b", 10) == -1;
    return sonde_sdk_stop(&sdk, 5000) == SONDE_OK && right ? 0 : 1;
}
