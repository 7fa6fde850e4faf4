/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A pre-forking worker pool: started once, before the fork; every process goes on by itself. */
#define _DEFAULT_SOURCE
#include <sonde/sonde.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int serve(sonde_tracer *tracer, sonde_counter_bound *jobs, int count)
{
    for (int job = 0; job < count; job++) {
        sonde_in_span (span, tracer, "job", .kind = SONDE_KIND_CONSUMER, .root = true) {
            sonde_span_set(span, "job.number", job);
            sonde_counter_bound_add(jobs, 1);
        }
    }
    return 0;
}

int main(void)
{
    sonde_sdk *sdk = NULL;
    if (sonde_sdk_start(&sdk, .service_name = "pool"))
        fputs("telemetry is off\n", stderr);
    sonde_tracer        *tracer  = sonde_tracer_get("pool", "1");
    sonde_counter       *counter = sonde_counter_get(sonde_meter_get("pool", "1"), "pool.jobs",
                                                     .unit = "{job}", .description = "Jobs done");
    sonde_counter_bound *jobs    = sonde_counter_bind(counter,
                                                      sonde_attrs_of(sonde_kv("queue", "mail")));

    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child == 0) {
            int rc = serve(tracer, jobs, 1000);
            sonde_sdk_stop(&sdk, 2000); /* before _exit, which runs no handler */
            _exit(rc);
        }
    }
    while (wait(NULL) > 0)
        ;
    return sonde_sdk_stop(&sdk, 2000) == SONDE_OK ? 0 : 1;
}
