#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What otlp_body writes, as protoc reads it.
#   otlp.sh PROGRAM SCHEMA
set -eu
command -v protoc >/dev/null 2>&1 || { echo "protoc is not installed (Debian: protobuf-compiler)" >&2; exit 77; }
program=$1
schema=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" >"$work/body"
protoc -I "$(dirname "$schema")" --decode=sonde.otlp.ExportMetricsServiceRequest "$(basename "$schema")" <"$work/body" >"$work/all"

# Times vary; each point has both, and they are of this century.
[ "$(grep -c -E '^ +(start_)?time_unix_nano: 1[0-9]{18}$' "$work/all")" = 10 ] || {
    echo "not two times in each of 5 points:"; cat "$work/all"; exit 1; } >&2
grep -v time_unix_nano "$work/all" | sed 's/^ *//' >"$work/found"

sed 's/^ *//' >"$work/expected" <<'END'
resource_metrics {
  resource {
    attributes {
      key: "service.name"
      value {
        string_value: "shop"
      }
    }
  }
  scope_metrics {
    scope {
      name: "shop"
    }
    metrics {
      name: "shop.orders"
      description: "Orders"
      unit: "{order}"
      sum {
        data_points {
          as_int: 1
        }
        data_points {
          as_int: 300
          attributes {
            key: "paid"
            value {
              bool_value: true
            }
          }
          attributes {
            key: "tier"
            value {
              string_value: "g\357\277\275ld"
            }
          }
          attributes {
            key: "n"
            value {
              int_value: -3
            }
          }
        }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
        is_monotonic: true
      }
    }
    metrics {
      name: "took"
      unit: "s"
      histogram {
        data_points {
          count: 3
          sum: 3.75
          bucket_counts: 1
          bucket_counts: 1
          bucket_counts: 1
          explicit_bounds: 0.5
          explicit_bounds: 1
          min: 0.25
          max: 2.5
        }
        data_points {
          sum: 0
          bucket_counts: 0
          bucket_counts: 0
          bucket_counts: 0
          explicit_bounds: 0.5
          explicit_bounds: 1
          attributes {
            key: "empty"
            value {
              bool_value: true
            }
          }
        }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
      }
    }
  }
  scope_metrics {
    scope {
      name: "other"
      version: "2.1"
      attributes {
        key: "team"
        value {
          string_value: "blue"
        }
      }
    }
    metrics {
      name: "active"
      sum {
        data_points {
          as_int: -7
          attributes {
            key: "list"
            value {
              array_value {
                values {
                  int_value: 1
                }
                values {
                  int_value: 2
                }
              }
            }
          }
          attributes {
            key: "share"
            value {
              double_value: 0.25
            }
          }
        }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
      }
    }
    schema_url: "https://example.com/1"
  }
}
END
diff -u "$work/expected" "$work/found"
