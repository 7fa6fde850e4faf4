/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The sentences of sonde_err.  Any thread. */
#include <sonde/base.h>

const char *sonde_err_str(sonde_err err)
{
    switch (err) {
#define X(name, value, message) \
    case SONDE_##name:          \
        return message;
        SONDE_ERR_MAP(X)
#undef X
    case SONDE_ERR_LIMIT_:
        break;
    }
    return "unknown error";
}
