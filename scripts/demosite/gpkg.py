# SPDX-License-Identifier: Apache-2.0
"""Writes map.gpkg: an OGC GeoPackage 1.3 with the layers of docs/site-format.md."""

import sqlite3
import struct

from .layout import to_crs

WKT_4326 = ('GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
            'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]')
WKT_4547 = ('PROJCS["CGCS2000 / 3-degree Gauss-Kruger CM 114E",GEOGCS["China Geodetic Coordinate System 2000",'
            'DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],PRIMEM["Greenwich",0],'
            'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4490"]],PROJECTION["Transverse_Mercator"],'
            'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",114],PARAMETER["scale_factor",1],'
            'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","4547"]]')
META = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
LAYERS = {
    "roadway": ("LINESTRING", [("place", "TEXT"), ("name", "TEXT"), ("kind", "TEXT"), ("width_m", "REAL"), ("airway", "TEXT")]),
    "area": ("POLYGON", [("place", "TEXT"), ("name", "TEXT"), ("kind", "TEXT")]),
    "label": ("POINT", [("text", "TEXT"), ("size", "REAL")]),
    "asset": ("POINT", [("id", "TEXT"), ("name", "TEXT"), ("kind", "TEXT"), ("place", "TEXT"), ("point", "TEXT"), ("angle_deg", "REAL")]),
}
WIDTH = {"main": 5.2, "main-return": 5.6, "gate": 5.0, "gate-return": 5.0, "face": 7.5, "heading": 5.0, "station": 6.0, "incline": 5.0,
         "chamber": 4.6, "sump": 4.0}


def wkb(form, pts):
    body = struct.pack("<BI", 1, {"POINT": 1, "LINESTRING": 2, "POLYGON": 3}[form])
    flat = b"".join(struct.pack("<dd", *p) for p in pts)
    if form == "POINT":
        return body + flat
    if form == "POLYGON":
        body += struct.pack("<I", 1)
    return body + struct.pack("<I", len(pts)) + flat


def blob(form, pts, srs):
    xs, ys = [p[0] for p in pts], [p[1] for p in pts]
    if form == "POINT":
        return b"GP\0\1" + struct.pack("<i", srs) + wkb(form, pts)
    return b"GP\0\3" + struct.pack("<idddd", srs, min(xs), max(xs), min(ys), max(ys)) + wkb(form, pts)


def features(mine, points):
    roads = [(e.pts, (e.place, mine.places[e.place].name, e.kind, WIDTH.get(e.kind, 4.6), e.id if e.net else None)) for e in mine.edges.values() if e.drawn]
    areas = [([*pts, pts[0]], (place, name, kind)) for place, name, kind, pts in mine.areas]
    labels = [([at], (text, float(size))) for text, at, size in mine.labels]
    assets = [([at], (aid, name, kind, place, point, float(angle))) for aid, name, kind, place, point, at, angle in points.assets]
    return {"roadway": roads, "area": areas, "label": labels, "asset": assets}


def write(path, mine, points, srs=4547):
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript("PRAGMA application_id = 1196444487; PRAGMA user_version = 10300; PRAGMA journal_mode = DELETE;" + META)
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", [
        ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", None), ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
        ("WGS 84 geodetic", 4326, "EPSG", 4326, WKT_4326, None),
        ("CGCS2000 / 3-degree Gauss-Kruger CM 114E", srs, "EPSG", srs, WKT_4547, None)])
    for layer, rows in features(mine, points).items():
        form, columns = LAYERS[layer]
        every = [to_crs(p) for pts, _ in rows for p in pts]
        db.execute(f"CREATE TABLE {layer} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {form}, "
                   + ", ".join(f"{c} {t}" for c, t in columns) + ")")
        db.execute("INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)",
                   (layer, "features", layer, "", "2026-01-01T00:00:00.000Z", min(p[0] for p in every), min(p[1] for p in every),
                    max(p[0] for p in every), max(p[1] for p in every), srs))
        db.execute("INSERT INTO gpkg_geometry_columns VALUES (?,?,?,?,0,0)", (layer, "geom", form, srs))
        marks = ",".join("?" * (1 + len(columns)))
        db.executemany(f"INSERT INTO {layer} (geom, {', '.join(c for c, _ in columns)}) VALUES ({marks})",
                       [(blob(form, [to_crs(p) for p in pts], srs), *attrs) for pts, attrs in rows])
    db.commit()
    db.execute("VACUUM")
    db.close()
