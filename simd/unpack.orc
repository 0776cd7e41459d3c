# SPDX-License-Identifier: LGPL-2.1-or-later
# Four-byte pixels and gray to R G B X. Registers are little endian: X R G B is 0xBBGGRRXX.

.function cnx_unpack_rgbx_orc
.dest 4 d uint8_t
.source 4 s uint8_t
copyl d, s

.function cnx_unpack_bgrx_orc
.dest 4 d uint8_t
.source 4 s uint8_t
.temp 4 t
swapl t, s
shrul d, t, 8

.function cnx_unpack_xrgb_orc
.dest 4 d uint8_t
.source 4 s uint8_t
shrul d, s, 8

.function cnx_unpack_xbgr_orc
.dest 4 d uint8_t
.source 4 s uint8_t
swapl d, s

.function cnx_unpack_gray_orc
.dest 4 d uint8_t
.source 1 s uint8_t
.temp 2 t
mergebw t, s, s
mergewl d, t, t
