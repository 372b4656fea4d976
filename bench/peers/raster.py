"""GDAL's side of the raster benchmark: makes the file, and reads windows of it.

usage: raster.py make <path> <side px> <bands> <pixel|band> <predictor>
       raster.py serve
`make` writes a GeoTIFF of uint16 in tiles of 256 px, Deflate 6: slow waves of land with noise on top, band by band alike but for gain,
offset and noise; generated, no real place. `serve` answers every line "<threads> <left> <top> <side> <path>" with a line of JSON:
seconds to open the file, read the window of all bands and close it, and the CRC-32 of what was read. The file is opened anew every
time, so GDAL's cache of blocks is cold; {"ready": 1} comes first.
"""
import json
import os
import sys
import time
import zlib

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
# Its threads complain about the tag ExtraSamples of every tile of more than four bands; what they read is right.
gdal.SetConfigOption("CPL_LOG", "/dev/null")
TILE = 256


def make(path, side, bands, interleave, predictor):
    options = ["TILED=YES", "COMPRESS=DEFLATE", "ZLEVEL=6", f"PREDICTOR={predictor}", f"INTERLEAVE={interleave.upper()}", "NUM_THREADS=2"]
    file = gdal.GetDriverByName("GTiff").Create(path, side, side, bands, gdal.GDT_UInt16, options)
    random = np.random.default_rng(1)
    x = np.arange(side, dtype=np.float32)
    for top in range(0, side, TILE):
        y = np.arange(top, min(top + TILE, side), dtype=np.float32)[:, None]
        land = 1200 + 500 * np.sin(x / 310 + np.sin(y / 170)) + 300 * np.cos(y / 95 + x / 430)
        rows = [(0.6 + 0.07 * band) * land + 40 * band + random.normal(0, 60, land.shape) for band in range(bands)]
        file.WriteArray(np.clip(rows, 1, 10000).astype(np.uint16), 0, top)
    file = None
    print(json.dumps({"bytes": os.path.getsize(path)}))


def serve():
    print(json.dumps({"ready": 1}), flush=True)
    for line in sys.stdin:
        threads, left, top, side, path = line.rstrip("\n").split(" ", 4)
        started = time.perf_counter()
        file = gdal.OpenEx(path, open_options=[f"NUM_THREADS={threads}"])
        pixels = file.ReadAsArray(int(left), int(top), int(side), int(side))
        file = None
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "crc": zlib.crc32(pixels)}), flush=True)


if sys.argv[1] == "make":
    path, side, bands, interleave, predictor = sys.argv[2:]
    make(path, int(side), int(bands), interleave, int(predictor))
else:
    serve()
