"""DAPPER's time per cycle, run by an interpreter that has it: ``python dapper_peer.py CYCLES``; prints one JSON object."""

import json
import sys
import time

import dapper.da_methods as da
import numpy as np
from dapper.mods.Lorenz96.bocquet2015loc import HMM

HMM.tseq.BurnIn = 0
figures = {}
methods = {
    "letkf N 7": da.LETKF(N=7, rot=True, infl=1.04, loc_rad=4),
    "etkf N 24": da.EnKF("Sqrt", N=24, rot=True, infl=1.013),
}
HMM.tseq.Ko = int(sys.argv[1])
for name, method in methods.items():
    times = []
    for seed in range(3):
        np.random.seed(seed)
        xx, yy = HMM.simulate()
        start = time.perf_counter()
        method.assimilate(HMM, xx, yy, liveplots=False)
        times.append(1000 * (time.perf_counter() - start) / int(sys.argv[1]))
    figures[name] = round(float(np.median(times)), 3)
print(json.dumps(figures))
