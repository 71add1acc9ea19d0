# SPDX-License-Identifier: Apache-2.0
"""The cameras of the demonstration mine: test pictures of kuangtu-sim-camera, where it can run."""

COLUMNS = ["id", "name", "name_en", "place", "url"]
PORT = 4
LIST = [("CAM-1203", "1203工作面（演示画面）", "Face 1203 (test picture)", "1203-face"),
        ("CAM-1203R", "1203回风顺槽（演示画面）", "Return gate 1203 (test picture)", "1203-ret"),
        ("CAM-BELT", "胶带大巷（演示画面）", "Belt main (test picture)", "belt-main-3"),
        ("CAM-PUMP", "中央变电所（演示画面）", "Central substation (test picture)", "central-sub"),
        ("CAM-TOP", "地面井口（演示画面）", "Pit top (test picture)", "surface")]


def rows(mine, base):
    missing = [c[3] for c in LIST if c[3] not in mine.places]
    if missing:
        raise SystemExit(f"cameras: no such places: {missing}")
    return [dict(zip(COLUMNS, (*c, f"rtsp://127.0.0.1:{base + PORT}/{c[0]}"))) for c in LIST]
