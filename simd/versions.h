/* Private to simd/: declares the versions of each kernel, cnx_<name>_<version>.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/kernels.h"

/* CNX_EACH_VERSION(M, type, name, c, avx2) is M(type, name, c) M(type, name, avx2), and so on for
 * up to eight versions. */
#define CNX_EACH_1(M, type, name, version) M(type, name, version)
#define CNX_EACH_2(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_1(M, type, name, __VA_ARGS__)
#define CNX_EACH_3(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_2(M, type, name, __VA_ARGS__)
#define CNX_EACH_4(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_3(M, type, name, __VA_ARGS__)
#define CNX_EACH_5(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_4(M, type, name, __VA_ARGS__)
#define CNX_EACH_6(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_5(M, type, name, __VA_ARGS__)
#define CNX_EACH_7(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_6(M, type, name, __VA_ARGS__)
#define CNX_EACH_8(M, type, name, version, ...) \
    M(type, name, version) CNX_EACH_7(M, type, name, __VA_ARGS__)
#define CNX_NINTH(a, b, c, d, e, f, g, h, ninth, ...) ninth
#define CNX_EACH_VERSION(M, type, name, ...)                                                       \
    CNX_NINTH(__VA_ARGS__, CNX_EACH_8, CNX_EACH_7, CNX_EACH_6, CNX_EACH_5, CNX_EACH_4, CNX_EACH_3, \
              CNX_EACH_2, CNX_EACH_1, )                                                            \
    (M, type, name, __VA_ARGS__)

#define CNX_DECLARE(type, name, version) type cnx_##name##_##version;
#define KERNEL(type, name, ...) CNX_EACH_VERSION(CNX_DECLARE, type, name, __VA_ARGS__)
#define CONSTANT(name, ...) CNX_EACH_VERSION(CNX_DECLARE, extern const int, name, __VA_ARGS__)
#include "simd/kernels.inc"
