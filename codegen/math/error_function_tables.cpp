// erf for machines with tables: polynomials of one degree in 16 segments of one width.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

namespace theon::codegen::math {

namespace {

// A row of numbers for the 16 segments: the point z of a segment about which its polynomial is, chosen for an erf(z)
// very close to a number of the format; that number; and the coefficients of (erf(z + h) - erf(z)) / h in h. In the
// first segment z = 0, and the coefficients are those of (erf(h) - h) / h. Relative errors of erf 2^-26.2 and 2^-55.8.
constexpr Table rows_float32[] = {
    {0, 0x1.7d4p-2, 0x1.39cp-1, 0x1.bf4p-1, 0x1.2008p0, 0x1.5f5p0, 0x1.9fd8p0, 0x1.dffp0, 0x1.102cp1, 0x1.2fb8p1,
     0x1.4ffcp1, 0x1.703cp1, 0x1.90f8p1, 0x1.b044p1, 0x1.cfep1, 0x1.ecdp1},
    {0, 0x1.9b1df6p-2, 0x1.3a4a86p-1, 0x1.910d68p-1, 0x1.c6dfeap-1, 0x1.e53a5cp-1, 0x1.f4f022p-1, 0x1.fbe50cp-1,
     0x1.fea64cp-1, 0x1.ff9838p-1, 0x1.ffe51p-1, 0x1.fff9ccp-1, 0x1.fffec4p-1, 0x1.ffffc4p-1, 0x1.fffff6p-1,
     0x1.fffffep-1},
    {0x1.06eba8p-3, 0x1.f6f2f2p-1, 0x1.8cdcfap-1, 0x1.0d5bc6p-1, 0x1.45d2b2p-2, 0x1.5f7b02p-3, 0x1.4a44ccp-4,
     0x1.130f22p-5, 0x1.921506p-7, 0x1.09527p-8, 0x1.2d19fcp-10, 0x1.2d235ep-12, 0x1.030dccp-14, 0x1.a5ec9cp-17,
     0x1.2b877ap-19, 0x1.ba481p-22},
    {-0x1.ce479p-21, -0x1.7682a8p-2, -0x1.e663d2p-2, -0x1.d69696p-2, -0x1.6e9736p-2, -0x1.e2578p-3, -0x1.0c3e18p-3,
     -0x1.01d598p-4, -0x1.ab7b72p-6, -0x1.3ac746p-7, -0x1.8b2d64p-9, -0x1.b1297p-11, -0x1.95c0c4p-13, -0x1.6437bap-15,
     -0x1.0f5fe2p-17, -0x1.a9b1b2p-20},
    {-0x1.811cb6p-2, -0x1.e4aed6p-3, -0x1.077dccp-4, 0x1.79e6b8p-4, 0x1.4cba46p-3, 0x1.441f8ep-3, 0x1.d6e346p-4,
     0x1.14691ap-4, 0x1.0d7c8ap-5, 0x1.c5b79cp-7, 0x1.40aa8ap-8, 0x1.86439p-10, 0x1.920ee8p-12, 0x1.7f5a18p-14,
     0x1.3b44ecp-16, 0x1.07eba8p-18},
    {-0x1.6a783cp-11, 0x1.53e69cp-3, 0x1.6c97bep-3, 0x1.ce61ccp-4, 0x1.c9b776p-6, -0x1.ecef2ap-6, -0x1.973d46p-5,
     -0x1.5a4ee8p-5, -0x1.ae8772p-6, -0x1.b15e6p-7, -0x1.63003p-8, -0x1.e92aaep-10, -0x1.18faa4p-11, -0x1.25f598p-13,
     -0x1.0716b4p-15, -0x1.d9c4dap-18},
    {0x1.e43c64p-4, 0x1.7a1056p-5, -0x1.8a3268p-6, -0x1.112928p-4, -0x1.f46d8ep-5, -0x1.fbcecep-6, -0x1.31aa4ap-9,
     0x1.73a08cp-7, 0x1.978a1ep-7, 0x1.1348d8p-7, 0x1.15929p-8, 0x1.c113e4p-10, 0x1.26fdbep-11, 0x1.58a618p-13,
     0x1.5452aep-15, 0x1.48c22ep-17},
    {-0x1.3ef42ap-6, -0x1.983334p-5, -0x1.52ca38p-5, -0x1.5606c4p-7, 0x1.f8887p-7, 0x1.698414p-6, 0x1.d804dep-7,
     0x1.0f4d92p-8, -0x1.d5a566p-10, -0x1.965f96p-9, -0x1.2665bep-9, -0x1.2b709cp-10, -0x1.dae81ep-12, -0x1.354b8ap-13,
     -0x1.4fd12ap-15, -0x1.3a39a8p-17},
};
constexpr Table rows_float64[] = {
    {0, 0x1.202fap-1, 0x1.e01c2p-1, 0x1.4ffa9p0, 0x1.afe23p0, 0x1.07f528p1, 0x1.3819b8p1, 0x1.680498p1, 0x1.97e5b8p1,
     0x1.c7fee8p1, 0x1.f7e278p1, 0x1.140384p2, 0x1.2bfd6cp2, 0x1.43ff0cp2, 0x1.5c0864p2, 0x1.739024p2},
    {0, 0x1.25dfd03cc5985p-1, 0x1.a16246ee544bbp-1, 0x1.df83b977000fbp-1, 0x1.f746863621eadp-1, 0x1.fe2fcd053773cp-1,
     0x1.ffb60beb737fap-1, 0x1.fff6e0db1003bp-1, 0x1.ffff2309286aep-1, 0x1.fffff038fafe7p-1, 0x1.ffffff21a01f1p-1,
     0x1.fffffff6d65a4p-1, 0x1.ffffffffb5a1ap-1, 0x1.fffffffffe37cp-1, 0x1.fffffffffff7cp-1, 0x1.ffffffffffffep-1},
    {0x1.06eba8214db68p-3, 0x1.a4db3dd583befp-1, 0x1.df98bd5a79f8dp-2, 0x1.9cccc093366a3p-3, 0x1.0c62e280fd15cp-4,
     0x1.0709ed728b82p-6, 0x1.833e1639c3bedp-9, 0x1.b1e2b9a9b6cdbp-12, 0x1.7003d25441ecdp-15, 0x1.d22ff8fcab16cp-19,
     0x1.c307ccdf1e266p-23, 0x1.4438abff0adc1p-27, 0x1.6432d6829d3cap-32, 0x1.2626454448d64p-37, 0x1.6cc9604ad8f1bp-43,
     0x1.7607be1c0e3adp-49},
    {0x1.5e721d7554f11p-49, -0x1.d9c4f0d9950f6p-2, -0x1.c1b989d8b921cp-2, -0x1.0ee1fc13f0257p-2, -0x1.c4c79cf5aa6fp-4,
     -0x1.0f37188a790c3p-5, -0x1.d81a927b322e9p-8, -0x1.31174f2016f8fp-10, -0x1.253027a8ecac8p-13,
     -0x1.9f31bacecc488p-17, -0x1.bbe1a9ec74c9ep-21, -0x1.5d918d4633b03p-25, -0x1.a167fd0df7922p-30,
     -0x1.7447574dd26e4p-35, -0x1.efedb3aed5599p-41, -0x1.0f6fe8ba97432p-46},
    {-0x1.812746b039369p-2, -0x1.9b2bb743ec6e1p-4, 0x1.e51b677d881d2p-4, 0x1.506a37b619386p-3, 0x1.a3c71e14bbce1p-4,
     0x1.490573840c5ddp-5, 0x1.5f70091c38012p-7, 0x1.0bf56373bae98p-9, 0x1.28199b2441d9dp-12, 0x1.d99d34b6c87e6p-16,
     0x1.19d5871e7b27ap-19, 0x1.e905452f3b8e2p-24, 0x1.3eaab67ad1558p-28, 0x1.33fa79005675ep-33, 0x1.b9e0b99978995p-39,
     0x1.02bfeda1d8109p-44},
    {0x1.74e2149f23fe8p-36, 0x1.75b45616d9f29p-3, 0x1.742fe1b571ac6p-4, -0x1.415bcf0b754b7p-6, -0x1.9654b77f06779p-5,
     -0x1.f1aff8e878ba7p-6, -0x1.5dc4c139f045dp-7, -0x1.45fcaaef53851p-9, -0x1.a6ed0d6f587a8p-12,
     -0x1.833585b4dd13dp-15, -0x1.02df33233759ap-18, -0x1.f21eef5d795cbp-23, -0x1.64088314deee5p-27,
     -0x1.7644e2ad77e72p-32, -0x1.22090855ec2bap-37, -0x1.6c3e81a76b1f9p-43},
    {0x1.ce2f2174185fdp-4, -0x1.676529d742f09p-7, -0x1.1d225ad70904p-4, -0x1.3f58b9fb5be2bp-5, 0x1.6552f83d9b05ep-9,
     0x1.aa3a153404048p-7, 0x1.d767df808136bp-8, 0x1.1e5db6de44df5p-9, 0x1.c243d35e41131p-12, 0x1.e0b9c3d127b27p-15,
     0x1.6d5ad206ba5ddp-18, 0x1.88f95bd3afb9fp-22, 0x1.35deb5462f59ep-26, 0x1.63d83f03f5d4fp-31, 0x1.2adf66815ecb3p-36,
     0x1.9387bcd94a07cp-42},
    {0x1.8d830e1c36d29p-27, -0x1.7dc2b28dec8cfp-5, -0x1.44005f3da0d24p-9, 0x1.6d1b3230d887fp-6, 0x1.7f2f3b3b6ac86p-7,
     -0x1.b8cfa2be0bb25p-11, -0x1.8931cd0be4ed9p-9, -0x1.6b1a79f49abf9p-10, -0x1.6d81803d71717p-12,
     -0x1.d399c1109946p-15, -0x1.9a62c8e44a1c9p-18, -0x1.f2831f830375dp-22, -0x1.b4af36ba68fe6p-26,
     -0x1.134a09bc4879ep-30, -0x1.f7160d7e89bd6p-36, -0x1.6e2d72b8f6348p-41},
    {-0x1.b82d7223533a8p-6, 0x1.4b2573949239p-7, 0x1.1a683961034b6p-6, 0x1.e53c6212a6463p-11, -0x1.9bf0354f6b6ffp-8,
     -0x1.54fff77fdcdedp-9, 0x1.8b877a8171a85p-12, 0x1.36dbcb3323806p-11, 0x1.c329d682b89bfp-13, 0x1.697cd7b07ed2p-15,
     0x1.7696d67ada513p-18, 0x1.045a0e46dd68cp-21, 0x1.ff0c0b4818e96p-26, 0x1.63d1b60576c2ep-30, 0x1.633f3682e2ccdp-35,
     0x1.17aea10dab88bp-40},
    {0x1.12bf2785be3a3p-20, 0x1.18a031e019f9fp-7, -0x1.cc348e1b5f8cep-9, -0x1.4cd9688f0c71p-8, 0x1.309090a5bcb7cp-13,
     0x1.8ed45f0d9530ap-10, 0x1.b0f1d46851e79p-12, -0x1.f7bdb038713dap-14, -0x1.9591f107cbfa9p-14,
     -0x1.bb7e53d2bc29ap-16, -0x1.18b641b24cb65p-18, -0x1.c696784f71e6ep-22, -0x1.f94a363ad318p-26,
     -0x1.87578ebf846d4p-30, -0x1.ad111bc27eb51p-35, -0x1.6eb7176f14d78p-40},
    {0x1.560225c6909d2p-8, -0x1.8df6295ba6715p-9, -0x1.5766e457d2ca1p-9, 0x1.551fa8578be8dp-10, 0x1.321fb21c7d1afp-10,
     -0x1.914056d2d4e7cp-13, -0x1.377ee7bac4c92p-12, -0x1.516886b33d356p-15, 0x1.bf042f40b6f71p-16,
     0x1.a508d724d13dap-17, 0x1.5975c1acbf8e3p-19, 0x1.4e6b89cc8482bp-22, 0x1.aaf440b5246aap-26, 0x1.73108dfda5dfp-30,
     0x1.c16c9590614b2p-35, 0x1.a2af178c563f5p-40},
    {0x1.3da13aaaac35cp-16, -0x1.358097d7f0956p-10, 0x1.2465d057f0003p-10, 0x1.26540b2fb599dp-11,
     -0x1.b83008e121285p-12, -0x1.91c812334eadcp-13, 0x1.2bb8d82561e17p-14, 0x1.70f21d16f141ep-15,
     0x1.c15b5d5939e48p-23, -0x1.1c9f9bbe99e9ep-18, -0x1.585fb60cc26e5p-20, -0x1.9f3cffe5e54dp-23,
     -0x1.365552e1754bfp-26, -0x1.31eed167563cep-30, -0x1.9c0f14046d834p-35, -0x1.a454b9e64f277p-40},
    {-0x1.d767c38bc2adcp-11, 0x1.43cca6fff87dep-11, 0x1.f445222f327p-13, -0x1.6bb5e9398d29cp-12, -0x1.05671166ba829p-14,
     0x1.b08e89698fa5ep-14, 0x1.1c1ae3c773df8p-16, -0x1.0ae5dc4079c24p-16, -0x1.2cbda773dcd16p-18,
     0x1.74647658e02a3p-21, 0x1.0ad68a34bdf11p-21, 0x1.b05b777042d3fp-24, 0x1.8556f39d655b1p-27, 0x1.b9f2dd635dc0ap-31,
     0x1.4e0895cc04a86p-35, 0x1.78a5e40e325f4p-40},
    {0x1.0acfb60f6d678p-14, 0x1.f76a9dba9ee64p-14, -0x1.aa0c61675fd7p-13, -0x1.5346986271ca2p-17, 0x1.50970d1b87363p-14,
     -0x1.8c89c7f260aa8p-18, -0x1.276d2084c0366p-16, 0x1.75443f7f10238p-21, 0x1.3a075345fd8dfp-19,
     0x1.01fb9f606bd88p-22, -0x1.17e48838f12d6p-23, -0x1.74f6e880e3404p-25, -0x1.acbf891066651p-28,
     -0x1.2102361cc187p-31, -0x1.f571d7a4520fdp-36, -0x1.3b783f15fe227p-40},
    {0x1.3c4430e662019p-14, -0x1.9316009a4a887p-14, -0x1.1fd1faf34d896p-18, 0x1.a539671a7793dp-15,
     -0x1.90d7e3f6c402fp-17, -0x1.a1d57ce58bb7cp-17, 0x1.16cf0438f4716p-18, 0x1.008e8db03d9bep-19,
     -0x1.1163c2ec227eap-21, -0x1.e46edfefb8c85p-23, 0x1.34297214befe8p-27, 0x1.ee45a1d974ad7p-27, 0x1.874376f20ab8p-29,
     0x1.3f117a2669efbp-32, 0x1.3fae02cac2fcdp-36, 0x1.a79705ba2cedfp-41},
};

struct Constants {
  double width;    // of a segment
  double highest;  // from here on erf rounds to 1
  std::span<const Table> rows;
};
constexpr Constants float32{0.25, 3.96875, rows_float32}, float64{0.375, 5.96875, rows_float64};

}  // namespace

Expr tabulated_erf(Expr x) {
  const Constants& c = x->dtype == DType::float32 ? float32 : float64;
  const Expr magnitude = at_most(abs(x), c.highest);
  const Expr index = segment(magnitude, c.width);
  const auto row = [&](std::size_t k) { return lookup(index, x, c.rows[k]); };
  const Expr distance = magnitude - row(0);
  const auto horner = [&](Expr power, std::size_t last, std::size_t step) {
    std::size_t k = c.rows.size() - 1 - (c.rows.size() - 1 - last) % step;
    Expr sum = row(k);
    for (; k > last; k -= step) sum = fma(sum, power, row(k - step));
    return sum;
  };
  // As in `polynomial`: of a long one the even and the odd powers apart, so that fewer steps wait for each other.
  const bool is_long = c.rows.size() > 10;
  const Expr square = distance * distance;
  const Expr parts = is_long ? fma(horner(square, 5, 2), distance, horner(square, 4, 2)) : horner(distance, 4, 1);
  const Expr sum = fma(fma(parts, distance, row(3)), distance, row(2));
  const Expr leading = select(distance == magnitude, magnitude, row(1));
  return flip_sign(fma(sum, distance, leading), sign_of(x));
}

}  // namespace theon::codegen::math
