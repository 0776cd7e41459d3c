# SPDX-License-Identifier: LGPL-2.1-or-later
# accsadubl adds the absolute difference from 0, so it adds the byte itself.

.function cnx_bytesum_orc
.flags 2d
.accumulator 4 sum int32_t
.source 1 s uint8_t
.source 1 m uint8_t
.const 1 zero 0
.temp 1 t
andb t, s, m
accsadubl sum, t, zero
