SELECT EXISTS (SELECT FROM product_images WHERE vendor_id = $1 AND upload_id = $2)
