/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* options.c - walks the options of MHD_start_daemon, nested arrays included. Which arguments an
 * option has is known from its number alone, so an option that is not in the table ends the walk.
 * The thread that starts the daemon. */
#include "options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum shape {
    UNKNOWN,
    INT,  /* int or unsigned */
    SIZE, /* size_t */
    POINTER,
    TWO_POINTERS,
    SIZE_POINTER,
    INT_POINTER, /* a socklen_t and a pointer */
    ARRAY
};

/* Numbers instead of names from 35 on: libmicrohttpd 1.0 has these, the headers at hand may not. */
static const unsigned char shapes[] = {
    [MHD_OPTION_CONNECTION_MEMORY_LIMIT]     = SIZE,
    [MHD_OPTION_CONNECTION_LIMIT]            = INT,
    [MHD_OPTION_CONNECTION_TIMEOUT]          = INT,
    [MHD_OPTION_NOTIFY_COMPLETED]            = TWO_POINTERS,
    [MHD_OPTION_PER_IP_CONNECTION_LIMIT]     = INT,
    [MHD_OPTION_SOCK_ADDR]                   = POINTER,
    [MHD_OPTION_URI_LOG_CALLBACK]            = TWO_POINTERS,
    [MHD_OPTION_HTTPS_MEM_KEY]               = POINTER,
    [MHD_OPTION_HTTPS_MEM_CERT]              = POINTER,
    [MHD_OPTION_HTTPS_CRED_TYPE]             = INT,
    [MHD_OPTION_HTTPS_PRIORITIES]            = POINTER,
    [MHD_OPTION_LISTEN_SOCKET]               = INT,
    [MHD_OPTION_EXTERNAL_LOGGER]             = TWO_POINTERS,
    [MHD_OPTION_THREAD_POOL_SIZE]            = INT,
    [MHD_OPTION_ARRAY]                       = ARRAY,
    [MHD_OPTION_UNESCAPE_CALLBACK]           = TWO_POINTERS,
    [MHD_OPTION_DIGEST_AUTH_RANDOM]          = SIZE_POINTER,
    [MHD_OPTION_NONCE_NC_SIZE]               = INT,
    [MHD_OPTION_THREAD_STACK_SIZE]           = SIZE,
    [MHD_OPTION_HTTPS_MEM_TRUST]             = POINTER,
    [MHD_OPTION_CONNECTION_MEMORY_INCREMENT] = SIZE,
    [MHD_OPTION_HTTPS_CERT_CALLBACK]         = POINTER,
    [MHD_OPTION_TCP_FASTOPEN_QUEUE_SIZE]     = INT,
    [MHD_OPTION_HTTPS_MEM_DHPARAMS]          = POINTER,
    [MHD_OPTION_LISTENING_ADDRESS_REUSE]     = INT,
    [MHD_OPTION_HTTPS_KEY_PASSWORD]          = POINTER,
    [MHD_OPTION_NOTIFY_CONNECTION]           = TWO_POINTERS,
    [28]                                     = INT,          /* LISTEN_BACKLOG_SIZE */
    [29]                                     = INT,          /* STRICT_FOR_CLIENT */
    [30]                                     = TWO_POINTERS, /* GNUTLS_PSK_CRED_HANDLER */
    [31]                                     = POINTER,      /* HTTPS_CERT_CALLBACK2 */
    [32]                                     = INT,          /* SERVER_INSANITY */
    [33]                                     = INT,          /* SIGPIPE_HANDLED_BY_APP */
    [34]                                     = INT,          /* TLS_NO_ALPN */
    [35]                                     = SIZE_POINTER, /* DIGEST_AUTH_RANDOM_COPY */
    [36]                                     = INT,          /* DIGEST_AUTH_NONCE_BIND_TYPE */
    [37]                                     = POINTER,      /* HTTPS_PRIORITIES_APPEND */
    [38]                                     = INT,          /* CLIENT_DISCIPLINE_LVL */
    [39]                                     = INT,          /* APP_FD_SETSIZE */
    [40]                                     = INT_POINTER,  /* SOCK_ADDR_LEN */
    [41]                                     = INT,          /* DIGEST_AUTH_DEFAULT_NONCE_TIMEOUT */
    [42]                                     = INT,          /* DIGEST_AUTH_DEFAULT_MAX_NC */
};

static enum shape shape_of(enum MHD_OPTION option)
{
    size_t number = (size_t)option;
    return number < sizeof shapes ? (enum shape)shapes[number] : UNKNOWN;
}

bool sonde__mhd_options_add(struct sonde__mhd_options *options, enum MHD_OPTION option,
                            intptr_t value, void *pointer)
{
    if (options->count + 1 >= options->room) { /* one more for the end */
        size_t                 room  = options->room ? options->room * 2 : 16;
        struct MHD_OptionItem *items = realloc(options->items, room * sizeof *items);
        if (!items)
            return false;
        options->items = items;
        options->room  = room;
    }
    options->items[options->count].option    = option;
    options->items[options->count].value     = value;
    options->items[options->count].ptr_value = pointer;
    options->count++;
    memset(&options->items[options->count], 0, sizeof *options->items);
    options->items[options->count].option = MHD_OPTION_END;
    return true;
}

static enum sonde__mhd_verdict take_array(struct sonde__mhd_options   *options,
                                          const struct MHD_OptionItem *items);

/* One option with its arguments; in an array the first of two pointers stands in value. */
static enum sonde__mhd_verdict take(struct sonde__mhd_options *options, struct MHD_OptionItem item)
{
    switch (item.option) {
    case MHD_OPTION_URI_LOG_CALLBACK:
        memcpy(&options->uri_log, &item.value, sizeof options->uri_log);
        options->uri_log_cls = item.ptr_value;
        return SONDE__MHD_UNDERSTOOD;
    case MHD_OPTION_NOTIFY_COMPLETED:
        memcpy(&options->completed, &item.value, sizeof options->completed);
        options->completed_cls = item.ptr_value;
        return SONDE__MHD_UNDERSTOOD;
    case MHD_OPTION_ARRAY:
        return take_array(options, item.ptr_value);
    default:
        return sonde__mhd_options_add(options, item.option, item.value, item.ptr_value)
                   ? SONDE__MHD_UNDERSTOOD
                   : SONDE__MHD_NO_MEMORY;
    }
}

static enum sonde__mhd_verdict take_array(struct sonde__mhd_options   *options,
                                          const struct MHD_OptionItem *items)
{
    for (; items && items->option != MHD_OPTION_END; items++) {
        enum sonde__mhd_verdict verdict = shape_of(items->option) == UNKNOWN
                                              ? SONDE__MHD_UNKNOWN_OPTION
                                              : take(options, *items);
        if (verdict != SONDE__MHD_UNDERSTOOD)
            return verdict;
    }
    return SONDE__MHD_UNDERSTOOD;
}

/* Takes an option's arguments off the list; false when it is not known how many there are. */
static bool next_item(va_list *args, struct MHD_OptionItem *item)
{
    switch (shape_of(item->option)) {
    case INT:
        item->value = va_arg(*args, int);
        return true;
    case SIZE:
        item->value = (intptr_t)va_arg(*args, size_t);
        return true;
    case POINTER:
    case ARRAY:
        item->ptr_value = va_arg(*args, void *);
        return true;
    case TWO_POINTERS:
        item->value     = (intptr_t)va_arg(*args, void *);
        item->ptr_value = va_arg(*args, void *);
        return true;
    case SIZE_POINTER:
        item->value     = (intptr_t)va_arg(*args, size_t);
        item->ptr_value = va_arg(*args, void *);
        return true;
    case INT_POINTER:
        item->value     = (intptr_t)va_arg(*args, unsigned);
        item->ptr_value = va_arg(*args, void *);
        return true;
    case UNKNOWN:
        break;
    }
    return false;
}

enum sonde__mhd_verdict sonde__mhd_options_read(va_list                   *args,
                                                struct sonde__mhd_options *ret_options)
{
    for (;;) {
        struct MHD_OptionItem item;
        memset(&item, 0, sizeof item);
        item.option = (enum MHD_OPTION)va_arg(*args, int);
        if (item.option == MHD_OPTION_END)
            return SONDE__MHD_UNDERSTOOD;
        if (!next_item(args, &item))
            return SONDE__MHD_UNKNOWN_OPTION;
        enum sonde__mhd_verdict verdict = take(ret_options, item);
        if (verdict != SONDE__MHD_UNDERSTOOD)
            return verdict;
    }
}

void sonde__mhd_options_done(struct sonde__mhd_options *options)
{
    free(options->items);
    memset(options, 0, sizeof *options);
}
