#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: the figures of Kuangtu beside a peer's in the same run, with the same client.

Every server gets fresh data on the same disk. CPU seconds are those of the server's process alone; load,
batch size and durability stand beside each figure. Printed as tables, kept as bench-out/bench.json.
  bench/run.py [--quick] [--only NAME,NAME]
"""

import argparse
import sys
import time
import traceback

from common import Book, Skip, end_tools
import row_cameras
import row_cluster
import row_cut
import row_ingest
import row_linkage
import row_people
import row_query
import row_records
import row_region
import row_screens
import row_soak
import row_solvers

ROWS = {
    "ingest": row_ingest.ingest, "single": row_ingest.single, "restart": row_ingest.restart, "rest": row_query.rest,
    "query": row_query.query, "cut": row_cut.cut, "flood": row_cut.flood, "alarms": row_screens.alarms,
    "screens": row_screens.screens, "map": row_screens.map_, "programs": row_ingest.programs,
    "records": row_records.records, "region": row_region.region, "cluster": row_cluster.cluster,
    "failover": row_cluster.failover, "soak": row_soak.soak, "solvers": row_solvers.solvers,
    "persons": row_people.persons, "linkage": row_linkage.linkage, "cameras": row_cameras.cameras,
}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--quick", action="store_true", help="one round, fewer samples, one minute where it is ten")
    p.add_argument("--seconds", type=int, help="of the rows cut and flood in the place of ten minutes, of soak in the place of an hour")
    p.add_argument("--only", default="", help=", ".join(ROWS))
    o = p.parse_args()
    o.rounds = 1 if o.quick else 3
    only = [n for n in o.only.split(",") if n]
    unknown = [n for n in only if n not in ROWS]
    if unknown:
        p.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    book = Book()
    for name, fn in ROWS.items():
        if only and name not in only:
            continue
        began = time.monotonic()
        try:
            fn(o, book)
        except Skip as why:
            book.skip(name, str(why))
        except (Exception, SystemExit) as why:  # pylint: disable=broad-exception-caught
            traceback.print_exc()  # the other rows have figures all the same
            book.fail(name, str(why) or type(why).__name__)
        end_tools()
        print(f"\n({name}: {(time.monotonic() - began) / 60:.1f} minutes)", flush=True)
    print("\n" + (f"{len(book.unmet())} goals are not met: " + "; ".join(r["what"] for r in book.unmet())
                  if book.unmet() else "every goal that was measured is met") + ". bench-out/bench.json has all rows.")


    if book.failed():
        print("Rows that broke off: " + "; ".join(r["what"] for r in book.failed()))
        sys.exit(1)


if __name__ == "__main__":
    main()
