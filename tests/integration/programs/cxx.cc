/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <sonde/sonde.h>
#include <sonde/curl.h>
#include <sonde/microhttpd.h>
int main()
{
    sonde_sdk_options options = sonde_sdk_options();
    options.size              = sizeof options;
    options.service_name      = "cxx";
    sonde_sdk *sdk            = nullptr;
    if (sonde_sdk_start_opts(&sdk, &options))
        return 1;
    sonde_tracer *t = sonde_tracer_get("cxx", "1");
    sonde_span   *s = sonde_span_start(t, "work");
    sonde_span_set(s, "retry", true);
    sonde_span_set(s, "n", 3);
    sonde_span_set(s, "k", "v");
    sonde_counter_add_with(static_cast<sonde_counter *>(nullptr), 1, sonde_kv("a", "b"),
                           sonde_kv("c", 2));
    sonde_span_end(s);
    return sonde_sdk_stop(&sdk, 2000);
}
