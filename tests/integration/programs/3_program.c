/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Who uses that library and links nothing of Sonde's. */
int zip_pack(const char *path, int level);

int main(void)
{
    return zip_pack("a", 3) == 3 && zip_pack("b", 10) == 10 ? 0 : 1;
}
