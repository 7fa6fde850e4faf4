/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* error.c - names of libcurl's errors, as its header spells them. Any thread. */
#include "transfer.h"

/* Those of 7.68 and what came later; libcurl never gives a number a second meaning. */
#define ERRORS(X)                   \
    X(1, UNSUPPORTED_PROTOCOL)      \
    X(2, FAILED_INIT)               \
    X(3, URL_MALFORMAT)             \
    X(4, NOT_BUILT_IN)              \
    X(5, COULDNT_RESOLVE_PROXY)     \
    X(6, COULDNT_RESOLVE_HOST)      \
    X(7, COULDNT_CONNECT)           \
    X(8, WEIRD_SERVER_REPLY)        \
    X(9, REMOTE_ACCESS_DENIED)      \
    X(16, HTTP2)                    \
    X(18, PARTIAL_FILE)             \
    X(22, HTTP_RETURNED_ERROR)      \
    X(23, WRITE_ERROR)              \
    X(25, UPLOAD_FAILED)            \
    X(26, READ_ERROR)               \
    X(27, OUT_OF_MEMORY)            \
    X(28, OPERATION_TIMEDOUT)       \
    X(33, RANGE_ERROR)              \
    X(34, HTTP_POST_ERROR)          \
    X(35, SSL_CONNECT_ERROR)        \
    X(36, BAD_DOWNLOAD_RESUME)      \
    X(41, FUNCTION_NOT_FOUND)       \
    X(42, ABORTED_BY_CALLBACK)      \
    X(43, BAD_FUNCTION_ARGUMENT)    \
    X(45, INTERFACE_FAILED)         \
    X(47, TOO_MANY_REDIRECTS)       \
    X(48, UNKNOWN_OPTION)           \
    X(49, SETOPT_OPTION_SYNTAX)     \
    X(52, GOT_NOTHING)              \
    X(53, SSL_ENGINE_NOTFOUND)      \
    X(54, SSL_ENGINE_SETFAILED)     \
    X(55, SEND_ERROR)               \
    X(56, RECV_ERROR)               \
    X(58, SSL_CERTPROBLEM)          \
    X(59, SSL_CIPHER)               \
    X(60, PEER_FAILED_VERIFICATION) \
    X(61, BAD_CONTENT_ENCODING)     \
    X(63, FILESIZE_EXCEEDED)        \
    X(64, USE_SSL_FAILED)           \
    X(65, SEND_FAIL_REWIND)         \
    X(66, SSL_ENGINE_INITFAILED)    \
    X(67, LOGIN_DENIED)             \
    X(77, SSL_CACERT_BADFILE)       \
    X(80, SSL_SHUTDOWN_FAILED)      \
    X(81, AGAIN)                    \
    X(82, SSL_CRL_BADFILE)          \
    X(83, SSL_ISSUER_ERROR)         \
    X(88, CHUNK_FAILED)             \
    X(89, NO_CONNECTION_AVAILABLE)  \
    X(90, SSL_PINNEDPUBKEYNOTMATCH) \
    X(91, SSL_INVALIDCERTSTATUS)    \
    X(92, HTTP2_STREAM)             \
    X(93, RECURSIVE_API_CALL)       \
    X(94, AUTH_ERROR)               \
    X(95, HTTP3)                    \
    X(96, QUIC_CONNECT_ERROR)       \
    X(97, PROXY)                    \
    X(98, SSL_CLIENTCERT)           \
    X(99, UNRECOVERABLE_POLL)       \
    X(100, TOO_LARGE)               \
    X(101, ECH_REQUIRED)

const char *sonde__curl_error_name(CURLcode code)
{
    static const char *const names[] = {
#define X(number, name) [number] = "CURLE_" #name,
        ERRORS(X)
#undef X
    };
    size_t number = (size_t)code;
    return number < sizeof names / sizeof *names && names[number] ? names[number]
                                                                  : SONDE_VALUE_OTHER;
}
